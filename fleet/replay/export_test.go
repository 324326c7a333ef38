package replay

// Eager is a replay that looks at the end of every job too, as in service.
func Eager(c Config) Config {
	c.eager = true
	return c
}
