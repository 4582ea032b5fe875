"""Money owed and received: invoices and payments.

Amounts are whole minor units of one currency. A payment is never changed; taking it back is a row
of its own.
"""
