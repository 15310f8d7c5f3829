"""Explanations from the formula: its calls, in the user's words, and edits of them that correct a mistake."""
