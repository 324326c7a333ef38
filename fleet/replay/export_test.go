package replay

// Eager is a replay that looks at the end of every job too, as in service.
func Eager(c Config) Config {
	c.eager = true
	return c
}

// Deed is what a machine did or met.
type Deed = deed

// Heard is a replay that tells of everything that machines do.
func Heard(c Config, hear func(Deed)) Config {
	c.hear = hear
	return c
}
