"""What a release consists of besides the running stack: names, labels, bills of materials."""
