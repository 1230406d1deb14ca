"""Microsoft.Update.Admin 2021-07-01, as the tools of Azure Stack Hub's operators call it."""
