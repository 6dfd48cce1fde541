"""Our end of IPsec towards a product."""
