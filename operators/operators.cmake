# One line an operator, by folder.
