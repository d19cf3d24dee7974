"""What is decided: folds, rules, the judge. Pure: no I/O, no clock."""
