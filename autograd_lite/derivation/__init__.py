"""A program read as mathematics: the derivation of a gradient, from the rules of the engine run on symbols."""
