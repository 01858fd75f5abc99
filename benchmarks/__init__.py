"""One command per figure; every row measures an opponent in the same run."""
