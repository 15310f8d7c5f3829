"""Other inputs than the given ones: which properties inputs have, and draws that keep or leave out some of them."""
