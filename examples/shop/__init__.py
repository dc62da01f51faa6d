"""The demo merchant's shop: an API for the gateway (docs/interfaces.md, section 4) and pages that embed the widget."""
