package bench

import "syscall"

func processorName() string {
	name, _ := syscall.Sysctl("machdep.cpu.brand_string") // "" if it fails
	return name
}
