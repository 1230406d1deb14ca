"""One file for each rule of the servicing policy: facts in, findings or a verdict out."""
