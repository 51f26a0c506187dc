"""The haplotypes of a panel around its genes."""
