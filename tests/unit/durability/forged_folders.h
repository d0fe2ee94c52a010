// Forgeries of whole folders and what a start asks of them. Part of forgeries.h.
#pragma once

#include <vector>

#include "forgeries.h"

namespace sr::durability {

std::vector<Forgery> forged_folders();

}  // namespace sr::durability
