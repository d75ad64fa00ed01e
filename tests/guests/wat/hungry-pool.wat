;; As many memories as a component may have, all of them small: takes more slots of the instance pool than others
;; while it spins, and stays far below its memory limit.
(component
  (core module $hungry (memory 1))
  (core instance (instantiate $hungry))
  (core instance (instantiate $hungry))
  (core instance (instantiate $hungry))

  ;; zhongtai:scenario/http@0.1.0 by hand: `handle` answers 200 without headers and body.
  (core module $handler
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $block i32)
      (local.set $block
        (i32.and
          (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
          (i32.sub (i32.const 0) (local.get $align))))
      (global.set $free (i32.add (local.get $block) (local.get $size)))
      (local.get $block))
    ;; method, path, query, headers, body in; the address of a response out: status at 0, two empty lists after it.
    (func (export "handle")
      (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
      (i32.store16 (i32.const 16) (i32.const 200))
      (i32.const 16)))
  (core instance $handler (instantiate $handler))

  ;; Last, when all memories are there.
  (core module $spinning
    (func $spin (loop $again (br $again)))
    (start $spin))
  (core instance (instantiate $spinning))

  (type $header (tuple string string))
  (type $request (record
    (field "method" string) (field "path" string) (field "query" (option string))
    (field "headers" (list $header)) (field "body" (list u8))))
  (type $response (record (field "status" u16) (field "headers" (list $header)) (field "body" (list u8))))
  (func $handle (param "request" $request) (result $response)
    (canon lift (core func $handler "handle")
      (memory $handler "memory") (realloc (func $handler "realloc"))))

  ;; Records in an export need names, which only another component's exports can give them.
  (component $naming
    (type $header (tuple string string))
    (type $request-shape (record
      (field "method" string) (field "path" string) (field "query" (option string))
      (field "headers" (list $header)) (field "body" (list u8))))
    (type $response-shape
      (record (field "status" u16) (field "headers" (list $header)) (field "body" (list u8))))
    (import "request" (type $request (eq $request-shape)))
    (import "response" (type $response (eq $response-shape)))
    (import "handle" (func $handle (param "request" $request) (result $response)))
    (export $named-request "request" (type $request-shape))
    (export $named-response "response" (type $response-shape))
    (export "handle" (func $handle) (func (param "request" $named-request) (result $named-response))))
  (instance $http (instantiate $naming
    (with "request" (type $request)) (with "response" (type $response)) (with "handle" (func $handle))))
  (export "zhongtai:scenario/http@0.1.0" (instance $http))
)
