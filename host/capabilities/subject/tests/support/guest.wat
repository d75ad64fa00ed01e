;; Asks who is asking, and for as many of its names as the request's body has bytes, for the purpose that the
;; request's path is. Answers with its memory from 1024 on: what `current` returned is at 1024, `fields` at 1088.
(module
  (import "zhongtai:subject/current@0.1.0" "current" (func $current (param i32)))
  (import "zhongtai:subject/current@0.1.0" "fields" (func $fields (param i32 i32 i32 i32 i32)))
  (memory (export "memory") 4)
  (global $heap (mut i32) (i32.const 2048))

  ;; The list of names: address and length each. Behind them there are zeroes: empty names.
  (data (i32.const 16)
    "\58\02\00\00\04\00\00\00"   ;; name
    "\5c\02\00\00\05\00\00\00"   ;; phone
    "\61\02\00\00\0b\00\00\00"   ;; resident-id
    "\6c\02\00\00\09\00\00\00"   ;; shoe-size
    "\75\02\00\00\07\00\00\00"   ;; webhook
    "\58\02\00\00\04\00\00\00"   ;; name, once more
    "\7c\02\00\00\07\00\00\00")  ;; address
  (data (i32.const 600) "namephoneresident-idshoe-sizewebhookaddress")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (local.get $at))

  (func (export "zhongtai:scenario/http@0.1.0#handle")
    (param $method i32) (param i32) (param $path i32) (param $path_len i32) (param i32 i32 i32 i32 i32)
    (param $body i32) (param $body_len i32) (result i32)
    (call $current (i32.const 1024))
    (call $fields
      (i32.const 16) (local.get $body_len)
      (i32.add (local.get $path) (i32.const 1)) (i32.sub (local.get $path_len) (i32.const 1))
      (i32.const 1088))
    (i32.store16 (i32.const 1120) (i32.const 200))
    (i32.store (i32.const 1132) (i32.const 1024))
    (i32.store (i32.const 1136) (i32.sub (global.get $heap) (i32.const 1024)))
    (i32.const 1120)))
