"""What the pages of the documentation are made of; `site` is the extension for Sphinx."""
