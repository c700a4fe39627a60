"""What protocols are built from: parts that several of them share."""
