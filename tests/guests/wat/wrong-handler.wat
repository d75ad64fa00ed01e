;; Exports the handler's name with another type.
(component
  (instance $http)
  (export "zhongtai:scenario/http@0.1.0" (instance $http))
)
