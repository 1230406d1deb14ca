"""Which known issue a failure is: from a failure and a list of issues to a ranked list of offers."""
