// Package config owns the fleet file: what it may say, where it says it, and
// the JSON Schema that tells editors the same.
//
// One table (keys.go) names every key with its kind, its bounds and its
// sentence. Parse reads by it, Schema is made from it and YAML prints by it,
// so the three cannot disagree.
//
// # Decisions
//
// The file is read from the syntax tree and not by reflection into structs: a
// tree knows the line of every value, and one reading finds all problems.
//
// Anchors, aliases, merge keys and tags are refused. They make files that
// grow when they are read, and lines that do not say what they mean.
//
// No problem repeats a value of the file: a secret may stand in the wrong
// place. Keys are repeated only if they look like keys.
//
// A key of the design that is not built yet is a problem of its own, so that
// nobody believes in it. Bounds on size, tokens and depth come before the
// parser, which takes quadratic time over many keys.
package config
