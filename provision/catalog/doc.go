// Package catalog knows EC2's instance types, their prices, and which of them
// can serve a pool's shape. It is pure: its data is part of the program.
//
// # Decisions
//
// The data is a file of this package, with its origin in data/NOTICE.md, and no
// call to EC2 at start: a fleet file must be checked without an account, and
// the same file must mean the same types everywhere. What a zone really offers
// is learned from EC2's refusals. Prices serve for order and for estimates; a
// bill comes from AWS.
package catalog

// PricesDate is the day of the on-demand prices, as year-month-day.
const PricesDate = "2026-07-20"

// Region is where the prices hold. Elsewhere they serve for the order of types
// only.
const Region = "us-east-1"

// The architectures, as EC2 names them.
const (
	ARM64  = "arm64"
	X86_64 = "x86_64"
)
