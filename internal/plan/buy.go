package plan

// Buy is the memory, in GB as machines are sold, that holds a plan beside its system; 0 where
// no usual size does.
func (p Plan) Buy() int {
	const system = 2 << 30
	for _, gb := range []int{8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024} {
		if int64(gb)<<30 >= p.Need.Total()+system {
			return gb
		}
	}
	return 0
}
