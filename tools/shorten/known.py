"""The words that MicroPython itself holds: as a name, each of them costs a board nothing.

Taken from the 1.25 interpreter, where `micropython.qstr_info(1)` lists every other word that a
program mentions; tests/host/test_known_words.py asks it again. Left out: what only a PC's build
has, and names with an underscore at the start.
"""

WORDS = frozenset("""
AF_INET AF_INET6 AF_UNIX ARRAY AUTO ArithmeticError AssertionError AttributeError BIG_ENDIAN
BaseException BytesIO CERT_NONE CERT_OPTIONAL CERT_REQUIRED CancelledError DeflateIO EACCES
EADDRINUSE EAGAIN EALREADY EBADF ECONNABORTED ECONNREFUSED ECONNRESET EEXIST EHOSTUNREACH
EINPROGRESS EINVAL EIO EISDIR ENOBUFS ENODEV ENOENT ENOMEM ENOTCONN EOFError EOPNOTSUPP EPERM
ETIMEDOUT Ellipsis Error Event Exception FLOAT32 FLOAT64 FileIO FrameBuffer FrameBuffer1 GS2_HMSB
GS4_HMSB GS8 GZIP GeneratorExit INT INT16 INT32 INT64 INT8 IOBase IOQueue ImportError
IndentationError IndexError KeyError KeyboardInterrupt LITTLE_ENDIAN LONG LONGLONG Lock LockType
LookupError Loop MBEDTLS_VERSION MONO_HLSB MONO_HMSB MONO_VLSB MSG_DONTROUTE MSG_DONTWAIT MVLSB
MemoryError NATIVE NameError None NoneType NotImplemented NotImplementedError OSError OrderedDict
OverflowError POLLERR POLLHUP POLLIN POLLOUT PROTOCOL_DTLS_CLIENT PROTOCOL_DTLS_SERVER
PROTOCOL_TLS_CLIENT PROTOCOL_TLS_SERVER PTR PinBase RAW RGB565 RingIO RuntimeError SHORT
SOCK_DGRAM SOCK_RAW SOCK_STREAM SOL_SOCKET SO_BROADCAST SO_ERROR SO_KEEPALIVE SO_LINGER
SO_REUSEADDR SSLContext SSLSocket Server Signal SingletonGenerator StopAsyncIteration
StopIteration Stream StreamReader StreamWriter StringIO SyntaxError SystemExit Task TaskQueue
TextIOWrapper ThreadSafeFlag TimeoutError TypeError UINT UINT16 UINT32 UINT64 UINT8 ULONG
ULONGLONG USHORT UnicodeError VOID ValueError VfsFat VfsLfs1 VfsLfs2 VfsRom ViperTypeError ZLIB
ZeroDivisionError a2b_base64 abs abs_tol accept aclose acos acosh acquire add addr addressof aes
all allocate_lock any append appendleft args argv array as_bytearray ascii asin asinh asyncio
atan atan2 atanh attr auth awrite b2a_base64 backlog bin binascii bind blit bool bound_method
branch buf buffer buffering builtins bytearray bytearray_at bytecode byteorder bytes bytes_at
calcsize call_exception_handler callable callback cancel cb ceil center chdir choice chr chunked
cipher classmethod clear clock close closure cls cmath code collect collections compile complex
connect const content context copy copysign core coro cos cosh count crc32 create_task cryptolib
cur_task current_task data decode decrypt default deflate degrees delattr delete deleter deque
dict dict_view difference difference_update digest dir disable discard divmod
do_handshake_on_connect doc done drain dt dump dumps e ellipse enable encode encoding encrypt end
endswith enumerate env erf erfc errno errorcode eval event exc exc_info exc_type exception exec
execfile executable exit exp expm1 extend f fabs factorial file fileno fill fill_rect filter find
flags float floor flush fmod format framebuf frexp from_bytes fromhex fromkeys frozenset func
funcs function future gamma gather gc generator get get_ciphers get_event_loop
get_exception_handler get_extra_info get_ident getaddrinfo getattr getcwd getpeercert getrandbits
getter getvalue globals gmtime group handler hasattr hash hashlib head headers heap_lock
heap_unlock heapify heappop heappush heapq help hex hexlify hline host id idle idx ilistdir imag
implementation index indices inet_ntop inet_pton inf input insert install int intersection
intersection_update invert io ioctl ipoll is_set isalpha isclose isdigit isdisjoint isenabled
isfinite isinf isinstance islower isnan isspace issubclass issubset issuperset isupper items iter
iterable iterator join json kbd_intr keepends key keys ldexp len lgamma line list listdir listen
little load load_cert_chain load_verify_locations loads locals localtime lock locked log log10
log2 lookahead loop lower lstrip machine main_task makefile map match math max maxsize md5 mem
mem16 mem32 mem8 mem_alloc mem_free mem_info memoryview message method micropython min mkdir mkfs
mktime mode modf modify module modules mount mtime n name namedtuple nan native new_event_loop
newline next object oct off on open open_connection opt_level ord os out_buf pack pack_into
parse_headers partition patch path peek peername pend_throw ph_key phase pi pixel platform polar
poll poller poly pop popitem popleft port post pow print print_exception progsize property ps1
ps2 ptr ptr16 ptr32 ptr8 push put qstr_info queue_read queue_write r radians randint random
randrange range raw rb re read readblocks readexactly readinto readline readlines readonly
readsize real reason rect recv recv_into recvfrom register rel_tol release remove rename replace
repr req request requesting requests return_exceptions reverse reversed rfind rindex rmdir round
rpartition rsplit rstrip run run_forever run_until_complete runq_len s schedule scroll search
seed seek select self send sendall sendto sep separators server_hostname server_side set
set_ciphers set_exception_handler setattr setblocking setdefault setsockopt setter settimeout
sgen sha1 sha256 short_hash sin single sinh sizeof sleep sleep_ms sleep_us slice sockaddr socket
soft_reset sort sorted split splitlines sqrt src ssl stack_use start start_new_thread
start_server startswith stat state staticmethod status_code statvfs stderr stdin stdout step stop
str stream stream_awrite strip struct sub sum super symmetric_difference sync sys sz t tan tanh
target task tau tb tell text threshold throw ticks ticks_add ticks_cpu ticks_diff ticks_ms
ticks_us time time_ns time_pulse_us timeout tls to_bytes trunc tuple type uctypes uint umount
unhexlify uniform union unlink unpack unpack_from unregister update upper urandom url v value
values var verify_callback verify_mode version version_info vfs viper vline wait wait_closed
wait_for wait_for_ms wait_io_event waiter waiting waitq_len wb websocket wrap_socket write
writeblocks zip
""".split())

# MicroPython's own objects look for these in objects that they are given.
LOOKED_FOR = frozenset("""
args close errno ioctl keys mount read readblocks readinto send stat strerror throw umount value
write writeblocks
""".split())

# What the objects of an ESP32 have beyond these: `machine`, `network`, `esp32`, `ssl`, one-wire.
# Their drivers call it by name; tests/host/test_known_words.py compares with the stubs.
OF_HARDWARE = frozenset("""
active add_peer aead alarm alg_bits antenna atten bdev bitstream bitstream_channel bitstream_rmt
block bpp cafile capath cert_time_to_seconds channel check_bootsec clock_div commit compression
config connect_ex convert_temp country crc8 csi_available csi_disable csi_dropped csi_enable
csi_read datetime deepsleep deinit del_peer description dht_readinto disable_irq disconnect
do_handshake drive duty duty_ns duty_u16 enable_irq erase_key feed flash_erase flash_read
flash_size flash_user_start flash_write freq fromname fromnid fs_corrupted gap_advertise
gap_connect gap_disconnect gap_pair gap_passkey gap_scan gattc_discover_characteristics
gattc_discover_descriptors gattc_discover_services gattc_exchange_mtu gattc_read gattc_write
gatts_indicate gatts_notify gatts_read gatts_register_services gatts_set_buffer gatts_write
get_blob get_ca_certs get_channel_binding get_default_verify_paths get_i32 get_next_update
get_peer get_peers get_protocol_name get_server_certificate get_unverified_chain
get_verified_chain gpio_matrix_in gpio_matrix_out hostname hostname_checks_common_name humidity
idf_heap_info ifconfig info init ipconfig irecv irq isconnected kea keylog_filename library
lightsleep load_binary load_default_certs load_dh_params longname loop_count mac
mark_app_valid_cancel_rollback match_hostname maximum_version measure mem_backup memory
minimum_version mod_peer nid oid openssl_cafile openssl_cafile_env openssl_capath
openssl_capath_env options osdebug ow peer_count peers_table pending phases phy_mode pin
post_handshake_auth protocol pull raw_temperature read_scratch read_temp read_u16 read_uv readbit
readbyte readfrom readfrom_into readfrom_mem readfrom_mem_into recvfrom_into recvinto recvmsg
recvmsg_into reset reset_cause rom_ioctl scan security_level select_rom selected_alpn_protocol
selected_npn_protocol sendbreak sendmsg session session_reused set_alpn_protocols set_blob
set_boot set_default_verify_paths set_ecdh_curve set_i32 set_native_code_location
set_npn_protocols set_pmk set_servername_callback set_wakeup_period settime setup shared_ciphers
shift shortname shutdown sleep_type source_freq ssid sslobject_class sslsocket_class stats status
strength_bits symmetric temperature timing toggle txdone unique_id unwrap
verify_client_post_handshake verify_code verify_flags verify_message wait_done wake_on_ext0
wake_on_ext1 wake_on_gpio wake_on_touch wake_on_ulp wake_pins wake_reason width wrap_bio
write_pulses write_readinto write_scratch writebit writebyte writeto writeto_mem writevto
""".split())
