/* Networks in files of kinds that only another library reads. */
#ifndef NTK_NET_LOADER_H
#define NTK_NET_LOADER_H

#include "base/status.h"

/* The network whose weights are at path, as of ntk_weights_network of io.h. */
typedef ntk_status (*ntk_network_loader)(ntk_context *context, const char *path, const char *layout,
                                         const char *activation, ntk_network **network);

/* From now on networks are loaded by this one, which is the same in each call. Safe in any thread.
 */
NTK_SIBLING void ntk_network_register_loader(ntk_network_loader loader);
/* NULL: none is registered. */
NTK_SIBLING ntk_network_loader ntk_network_registered_loader(void);

#endif
