"""The dev cluster: a kind node and a registry on one Docker network of their own."""
