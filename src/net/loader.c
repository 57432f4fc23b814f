#include "net/loader.h"

#include <stdatomic.h>

static _Atomic(ntk_network_loader) registered;

void ntk_network_register_loader(ntk_network_loader loader) {
  atomic_store(&registered, loader);
}

ntk_network_loader ntk_network_registered_loader(void) {
  return atomic_load(&registered);
}
