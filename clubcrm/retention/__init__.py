"""The life after the contract: in which phase each member is, why, and since when.

The phase is a pure function of facts and a day. What is stored is its answer, kept true by looking
again only at people whose facts changed or whose next clock has come; a full rebuild gives the
same.
"""
