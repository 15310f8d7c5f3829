"""What the engine stands on and knows no tensor: messages, conversion of user data, sums, half precision."""
