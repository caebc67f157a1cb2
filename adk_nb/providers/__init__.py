"""Which model, with which credentials, and what its errors mean."""
