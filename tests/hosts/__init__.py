"""Several hosts on one machine: network namespaces with a cable each; nginx in front, Redis behind, load from two."""
