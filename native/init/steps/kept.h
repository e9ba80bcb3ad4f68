// What an init keeps open for as long as it lives, for whoever comes after its container's owner.

#ifndef CORRAL_NATIVE_INIT_STEPS_KEPT_H_
#define CORRAL_NATIVE_INIT_STEPS_KEPT_H_

#include "../run.h"

namespace corral {

// Puts descriptors on their numbers, by which they are listed, and closes all others.
void KeepOnly(InitDescriptors* descriptors);

// What was shown last on a terminal goes with its last master. Where an init holds that, waits until somebody has read
// it, or until the signal `order` comes; 0 is none. No process of the container is left to show more, as far as an init
// can see to that. Needs every signal blocked.
void AwaitReader(int terminal, int order);

// What nobody has taken out of the pipes of the output goes with the last reader. Where an init holds those, moves it
// to the end of the spools, as the supervisor does while it lives. Ends what is left of the container first, as
// AwaitReader. Where the spools have no room, it waits some seconds for that, or until the signal `order` comes.
void SaveOutput(const InitDescriptors& kept, int order);

}  // namespace corral

#endif  // CORRAL_NATIVE_INIT_STEPS_KEPT_H_
