;; A component, but nothing that the router could call.
(component)
