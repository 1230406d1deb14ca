"""The use cases: what the faces may ask for, with roles and audit. Faces know nothing below this floor."""
