"""What one server owns: a builder per child, each returning a plain manifest."""
