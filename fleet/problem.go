package fleet

// Problem is something that a fleet file names and GitHub or AWS does not have,
// or does not allow.
type Problem struct {
	Pool   string // the only pool that it concerns; empty: it concerns all
	Key    string // of the fleet file, such as aws.subnets[1]; of the pool's, such as types[0], if there is one
	Text   string // what is wrong
	Remedy string // what to do about it; may be empty
	Stops  bool   // nothing can be launched, or nothing launched can register, while it is so
	Unsure bool   // it could not be asked, so it may be right
}
