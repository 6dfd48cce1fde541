"""The bench of a gNB: UEs on its Uu, our core on its N2 and N3, another gNB beside it."""
