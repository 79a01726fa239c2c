package objects

import (
	"hash"
	"hash/crc64"
)

// ecma is the polynomial of the documents' CRC64.
var ecma = crc64.MakeTable(crc64.ECMA)

// NewCRC64 computes the CRC64 of what is written to it.
func NewCRC64() hash.Hash64 { return crc64.New(ecma) }

// powers are x^(2^i) modulo the polynomial. As in the checksums themselves, the
// highest bit stands for x^0.
var powers = func() (p [66]uint64) {
	p[0] = 1 << 62
	for i := 1; i < len(p); i++ {
		p[i] = multiply(p[i-1], p[i-1])
	}
	return p
}()

// multiply multiplies two polynomials modulo that of the checksum.
func multiply(a, b uint64) (product uint64) {
	for bit := uint64(1) << 63; bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ crc64.ECMA
		} else {
			b >>= 1
		}
	}
	return product
}

// CombineCRC64 is the CRC64 of bytes that have the checksum a followed by n bytes
// that have the checksum b.
func CombineCRC64(a, b uint64, n int64) uint64 {
	shift := uint64(1) << 63
	for i := 3; n > 0; i, n = i+1, n>>1 { // a byte is x^(2^3)
		if n&1 != 0 {
			shift = multiply(powers[i], shift)
		}
	}
	return multiply(shift, a) ^ b
}
