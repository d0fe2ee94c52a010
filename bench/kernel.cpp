// Reference kernels on one core, end to end: read(2) 256 KiB blocks from a file (or a TCP client socket) -> operator -> text on stdout.
// usage: kernel wc|wcb|grep|q0|q2|q5 FILE        kernel greptcp PORT
// wc: one table for the file. wcb: a fresh table per 2 MB, merged into the state (micro-batch form).
// Not an engine: fixed schema, no durability, no error handling beyond abort(). Last line on stderr: records seconds
#include <bits/stdc++.h>
#include <immintrin.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <charconv>
using namespace std; typedef uint64_t u64; typedef uint32_t u32;
static double now(){ timespec t; clock_gettime(CLOCK_MONOTONIC,&t); return t.tv_sec+t.tv_nsec*1e-9; }
static inline u64 r8(const char*p){ u64 x; memcpy(&x,p,8); return x; }
static inline u64 mum(u64 a,u64 c){ __uint128_t r=(__uint128_t)a*c; return (u64)r^(u64)(r>>64); }
// ---- word table: 32-byte entries, keys up to 16 bytes inline; longer keys in a side map
struct Ent{ u64 k0,k1; u32 len,h; u64 cnt; };
struct Tab{ vector<Ent> e; u64 mask,size=0; unordered_map<string,u64> big; struct T{u64 a,c; u32 l,h;}; T buf[64]; int m=0;
 Tab(u64 c=1<<12):e(c),mask(c-1){}
 void grow(){ vector<Ent> o((mask+1)*2); o.swap(e); mask=e.size()-1; for(auto&x:o) if(x.len){ u64 i=x.h&mask; while(e[i].len) i=(i+1)&mask; e[i]=x; } }
 inline void put(u64 a,u64 c,u32 l,u32 h,u64 n){ u64 i=h&mask; for(;;){ Ent&x=e[i]; if(x.k0==a&&x.k1==c&&x.len==l){ x.cnt+=n; return; } if(!x.len){ x={a,c,l,h,n}; if(++size*2>mask) grow(); return; } i=(i+1)&mask; } }
 inline void flush(){ for(int k=0;k<m;k++) put(buf[k].a,buf[k].c,buf[k].l,buf[k].h,1); m=0; }
 inline void add(const char*p,u32 l){ if(__builtin_expect(l>16,0)){ big[string(p,l)]++; return; } T&t=buf[m++]; if(l>=8){ t.a=r8(p); t.c=l==8?0:(r8(p+l-8)>>((16-l)*8)); } else { t.a=_bzhi_u64(r8(p),l*8); t.c=0; } t.l=l; u64 hh=mum(t.a^0xa0761d6478bd642fULL,t.c^0xe7037ed1a0b428dbULL^l); t.h=(u32)(hh^(hh>>32)); __builtin_prefetch(&e[t.h&mask]); if(m==64) flush(); } 
 void clear(){ fill(e.begin(),e.end(),Ent{}); size=0; big.clear(); } };
static string out; static void drain(bool all){ if(all||out.size()>262144){ size_t o=0; while(o<out.size()){ ssize_t r=write(1,out.data()+o,out.size()-o); if(r<=0) abort(); o+=r; } out.clear(); } }
static inline void num(u64 x){ char t[24]; auto r=to_chars(t,t+24,x); out.append(t,r.ptr-t); }
// ---- feed: whole lines only, 64 readable bytes after the end
template<class F> static void feed(int fd,F f){ const size_t B=262144; vector<char> v(B*8+128); char*b=v.data(); size_t have=0; ssize_t r; while((r=read(fd,b+have,B))>0){ have+=r; char*last=(char*)memrchr(b,'\n',have); if(!last){ if(have>B*6) abort(); continue; } size_t len=last+1-b; f(b,len); memmove(b,b+len,have-len); have-=len; } if(have){ b[have++]='\n'; f(b,have); } }
static inline u64 mask64(const char*p,__m256i c){ auto x=_mm256_loadu_si256((__m256i*)p),y=_mm256_loadu_si256((__m256i*)(p+32)); return (u32)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x,c))|((u64)(u32)_mm256_movemask_epi8(_mm256_cmpeq_epi8(y,c))<<32); }
template<class F> static inline void words(const char*b,size_t n,F f){ __m256i nl=_mm256_set1_epi8('\n'),sp=_mm256_set1_epi8(' '); size_t st=0; for(size_t i=0;i<n;i+=64){ u64 m=mask64(b+i,nl)|mask64(b+i,sp); if(n-i<64) m=_bzhi_u64(m,n-i); while(m){ size_t p=i+__builtin_ctzll(m); if(p>st) f(b+st,(u32)(p-st)); st=p+1; m&=m-1; } } }
// ---- JSON by template
static inline u64 parse8(u64 v){ v=(v&0x0F0F0F0F0F0F0F0Full)*2561>>8; v=(v&0x00FF00FF00FF00FFull)*6553601>>16; return (v&0x0000FFFF0000FFFFull)*42949672960001ull>>32; }
static inline const char* pint(const char*p,u64&o){ u64 v=r8(p),t=v^0x3030303030303030ull,nd=((t+0x0606060606060606ull)|t)&0xF0F0F0F0F0F0F0F0ull; if(nd){ int k=__builtin_ctzll(nd)>>3; if(!k) abort(); v<<=64-8*k; o=parse8(v-(0x3030303030303030ull<<(64-8*k))); return p+k; } o=parse8(v-0x3030303030303030ull); p+=8; while((unsigned)(*p-'0')<10) o=o*10+(*p++-'0'); return p; }
static inline const char* pstr(const char*p,string_view&o){ const char*s=p; for(;;){ __m256i x=_mm256_loadu_si256((const __m256i*)p); u32 q=_mm256_movemask_epi8(_mm256_cmpeq_epi8(x,_mm256_set1_epi8('"'))),e=_mm256_movemask_epi8(_mm256_cmpeq_epi8(x,_mm256_set1_epi8('\\'))); if(q){ int k=__builtin_ctz(q); if(e&((1u<<k)-1)) abort(); o={s,(size_t)(p+k-s)}; return p+k+1; } if(e) abort(); p+=32; } }
struct Bid{ u64 auction,bidder,price,ts; string_view channel,url,extra; };
#define KEY(s) if(memcmp(p,s,sizeof(s)-1)) abort(); p+=sizeof(s)-1;
static inline const char* bid(const char*p,Bid&o){ KEY("{\"auction\":") p=pint(p,o.auction); KEY(",\"bidder\":") p=pint(p,o.bidder); KEY(",\"price\":") p=pint(p,o.price); KEY(",\"channel\":\"") p=pstr(p,o.channel); KEY(",\"url\":\"") p=pstr(p,o.url); KEY(",\"dateTime\":") p=pint(p,o.ts); KEY(",\"extra\":\"") p=pstr(p,o.extra); KEY("}\n") return p; }
// ---- q5: counts per auction in 2 s panes; hop = sum of 5 panes; all auctions with the largest count
struct Pane{ u64 id=~0ull; vector<u64> k; vector<u32> c; vector<u32> used; Pane():k(1<<17),c(1<<17){} void add(u64 a,u32 n){ u64 m=k.size()-1,j=(a*0x9E3779B97F4A7C15ull)>>40&m; while(k[j]&&k[j]!=a) j=(j+1)&m; if(!k[j]){ k[j]=a; used.push_back(j); if(used.size()*2>m) abort(); } c[j]+=n; } void clear(){ for(u32 j:used){ k[j]=0; c[j]=0; } used.clear(); } };
static map<u64,Pane> panes; static u64 nextEnd=0; static vector<Pane*> pool_; static u64 outRows=0;
static void fire(u64 upto,bool all){ static Pane w; while(!panes.empty()){ u64 lo=panes.begin()->first; if(nextEnd<lo+1) nextEnd=lo+1; if(!all&&nextEnd>upto) break; u64 end=nextEnd; w.clear(); u32 mx=0; for(auto it=panes.lower_bound(end>=5?end-5:0);it!=panes.end()&&it->first<end;++it) for(u32 j:it->second.used){ w.add(it->second.k[j],it->second.c[j]); } for(u32 j:w.used) mx=max(mx,w.c[j]); for(u32 j:w.used) if(w.c[j]==mx){ num(end*2000); out+=' '; num(w.k[j]); out+=' '; num(mx); out+='\n'; outRows++; } nextEnd++; while(!panes.empty()&&panes.begin()->first+5<nextEnd) panes.erase(panes.begin()); drain(false); } }
int main(int c,char**v){ if(c<3) return 2; string w=v[1]; double t0=now(); u64 recs=0; int fd;
 if(w=="greptcp"){ fd=socket(AF_INET,SOCK_STREAM,0); sockaddr_in a{}; a.sin_family=AF_INET; a.sin_addr.s_addr=htonl(INADDR_LOOPBACK); a.sin_port=htons(atoi(v[2])); if(connect(fd,(sockaddr*)&a,sizeof a)){ perror("connect"); return 1; } } else { fd=open(v[2],O_RDONLY); if(fd<0){ perror(v[2]); return 1; } }
 const char*pat=getenv("PATTERN")?getenv("PATTERN"):"ERROR42"; size_t pl=strlen(pat);
 if(w=="wc"){ Tab t; feed(fd,[&](const char*b,size_t n){ words(b,n,[&](const char*p,u32 l){ t.add(p,l); recs++; }); }); t.flush(); for(auto&x:t.e) if(x.len){ char k[16]; memcpy(k,&x.k0,8); if(x.len>8){ memcpy(k+8,&x.k1,8); } out.append(k,x.len); out+=' '; num(x.cnt); out+='\n'; drain(false); } for(auto&x:t.big){ out+=x.first; out+=' '; num(x.second); out+='\n'; } drain(true); }
 else if(w=="wcb"){ Tab st(1<<14),cur(1<<14); size_t acc=0; auto merge=[&]{ cur.flush(); for(auto&x:cur.e) if(x.len) st.put(x.k0,x.k1,x.len,x.h,x.cnt); for(auto&x:cur.big) st.big[x.first]+=x.second; cur.clear(); acc=0; }; feed(fd,[&](const char*b,size_t n){ words(b,n,[&](const char*p,u32 l){ cur.add(p,l); recs++; }); acc+=n; if(acc>(2u<<20)) merge(); }); merge(); u64 s=0; for(auto&x:st.e) s+=x.cnt; for(auto&x:st.big) s+=x.second; num(s); out+='\n'; drain(true); }
 else if(w=="grep"||w=="greptcp"){ u64 hit=0; __m256i nl=_mm256_set1_epi8('\n'); feed(fd,[&](const char*b,size_t n){ for(size_t i=0;i<n;i+=64){ u64 m=mask64(b+i,nl); if(n-i<64) m=_bzhi_u64(m,n-i); recs+=__builtin_popcountll(m); } const char*p=b,*e=b+n; while((p=(const char*)memmem(p,e-p,pat,pl))){ hit++; p=(const char*)memchr(p,'\n',e-p)+1; } }); num(hit); out+='\n'; drain(true); }
 else if(w=="q0"){ Bid x; feed(fd,[&](const char*p,size_t n){ const char*e=p+n; while(p<e){ p=bid(p,x); recs++; out+="{\"auction\":"; num(x.auction); out+=",\"bidder\":"; num(x.bidder); out+=",\"price\":"; num(x.price); out+=",\"dateTime\":"; num(x.ts); out+=",\"extra\":\""; out.append(x.extra); out+="\"}\n"; } drain(false); }); drain(true); }
 else if(w=="q2"){ Bid x; feed(fd,[&](const char*p,size_t n){ const char*e=p+n; while(p<e){ p=bid(p,x); recs++; if(x.auction%123==0){ out+="{\"auction\":"; num(x.auction); out+=",\"price\":"; num(x.price); out+="}\n"; } } drain(false); }); drain(true); }
 else if(w=="q5"){ Bid x; u64 wm=0; Pane*cur=nullptr; feed(fd,[&](const char*p,size_t n){ const char*e=p+n; while(p<e){ p=bid(p,x); recs++; u64 id=x.ts/2000; if(!cur||cur->id!=id){ cur=&panes[id]; cur->id=id; } cur->add(x.auction,1); if(x.ts>wm+2000){ wm=x.ts; fire((wm-4000)/2000,false); cur=nullptr; } } }); fire(0,true); drain(true); }
 else return 2;
 double d=now()-t0; fprintf(stderr,"%llu %.3f\n",(unsigned long long)recs,d); }
