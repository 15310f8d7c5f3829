"""`derive`: the derivation of a gradient as mathematics, made by running the engine's derivative rules on formulas.

Reading order:

    constants, formula formulas: trees of NumPy calls, constants and symbols; how each is evaluated
    formula_array      an array that is a formula: NumPy functions applied to it build larger formulas
    vocabulary         the functions of matrix calculus: inverse, determinant, trace, norm, identity, mean; contractions
    rules              forward functions and derivative rules, run on formula arrays; usual_rules: those of textbooks
    rewriting          the table of rewrites, and `simplify`; rewrites that no row of a table can say are functions:
                       shape_rewrites, matrix_rewrites (products), term_rewrites (sums), fraction_rewrites,
                       index_rewrites, condition_rewrites
    nodes              what a recorded graph holds: nodes, their arguments and saved values (merging: equal nodes)
    other_inputs       random inputs of the same shapes; replay: the graph at these inputs
    checking           every formula is evaluated and compared with the engine's numbers, at hand and at other inputs
    naming             names for nodes and leaves; array_symbols: symbols for data, targets and other arrays
    graph_formulas     the first half of a derivation: a formula for each node (node_arguments, recomputed, definitions)
    gradient_formulas  the second half: the backward pass on formulas
    first_order        both halves for a recorded graph
    second_order       the gradient differentiated again (formula_recording), and its matrix (linear_maps)
    derive, lines      the public function, and the derivation that it returns
    printing           formulas as text and LaTeX (plain_printing, matrix_printing, number_printing, notation)
"""
