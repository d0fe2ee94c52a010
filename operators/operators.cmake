# One line an operator, by folder.
streamrun_operator(transforms/map)
streamrun_operator(transforms/flat_map)
streamrun_operator(transforms/filter)
streamrun_operator(transforms/union)
streamrun_operator(transforms/limit)
