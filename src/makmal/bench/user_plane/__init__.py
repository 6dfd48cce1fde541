"""The bench of a UPF: our SMFs on N4, gNBs on N3, another UPF on N9, a host on N6."""
