"""The CasCode model: text preparation, inference, bundled weights, training and evaluation."""
