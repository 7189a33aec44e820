;; XORs the `length` bytes from address `start` on with the four bytes of `key`, in place. The result is 0x80 or more when one
;; of them is then no ASCII, and below when all are.
(module
  (memory (export "memory") 3)
  (func (export "unmask") (param $start i32) (param $length i32) (param $key i32) (result i32)
    (local $at i32)
    (local $end i32)
    (local $whole i32)
    (local $keys v128)
    (local $block v128)
    (local $bits v128)
    (local $rest i32)
    (local.set $at (local.get $start))
    (local.set $end (i32.add (local.get $start) (local.get $length)))
    (local.set $keys (i32x4.splat (local.get $key)))
    (local.set $whole (i32.add (local.get $start) (i32.and (local.get $length) (i32.const -16))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $whole)))
        (local.set $block (v128.xor (v128.load (local.get $at)) (local.get $keys)))
        (v128.store (local.get $at) (local.get $block))
        (local.set $bits (v128.or (local.get $bits) (local.get $block)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    ;; the high bits of the whole blocks: any of sixteen set makes 0x80
    (local.set $rest (i32.shl (i32.ne (i8x16.bitmask (local.get $bits)) (i32.const 0)) (i32.const 7)))
    (block $finish
      (loop $byte
        (br_if $finish (i32.ge_u (local.get $at) (local.get $end)))
        (i32.store8 (local.get $at)
          (i32.xor
            (i32.load8_u (local.get $at))
            (i32.shr_u
              (local.get $key)
              (i32.shl (i32.and (i32.sub (local.get $at) (local.get $start)) (i32.const 3)) (i32.const 3)))))
        (local.set $rest (i32.or (local.get $rest) (i32.load8_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $byte)))
    (local.get $rest)))
