"""Operations of neural networks: activations, losses, convolutions, normalization."""
