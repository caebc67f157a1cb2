"""The models there are, their credentials, and what their errors mean."""
