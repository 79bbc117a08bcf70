package disk

// largestOnFAT is the most a file may have on FAT16 and FAT32, whose lengths have 32
// bits. Most sticks up to 32 GB come that way.
const largestOnFAT = 1<<32 - 1
