"""The live pages and the HTTP interface under them: what a store holds, watched, asked and carried on."""
